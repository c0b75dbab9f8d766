#!/usr/bin/env bash
# Makes the samples in this folder, each of them valid media, two seconds long unless its name says otherwise:
#
#   bash test/media/make.sh
#
# Needs ffmpeg 5 or newer (Debian: apt-get install --no-install-recommends ffmpeg). The samples are committed, so that tests
# need no ffmpeg. A picture that does not move and a quiet tone keep them small. What is cut off, damaged or no media at all
# is made by the tests themselves, out of these.
set -euo pipefail
cd "$(dirname "$0")"

picture=(-f lavfi -i "color=c=gray:s=64x48:r=5:d=2")
tone=(-f lavfi -i "sine=f=300:r=16000:d=2")
h264=(-c:v libx264 -preset veryslow -pix_fmt yuv420p)
aac=(-c:a aac -b:a 16k)
opus=(-c:a libopus -b:a 8k)
exact=(-fflags +bitexact -flags:v +bitexact -flags:a +bitexact -map_metadata -1)

# make FILE ARGUMENTS: a film; sound FILE ARGUMENTS: sound alone; silent FILE ARGUMENTS: pictures alone
make() { ffmpeg -hide_banner -loglevel error -y "${picture[@]}" "${tone[@]}" "${@:2}" "${exact[@]}" "$1"; }
sound() { ffmpeg -hide_banner -loglevel error -y "${tone[@]}" "${@:2}" "${exact[@]}" "$1"; }
silent() { ffmpeg -hide_banner -loglevel error -y "${picture[@]}" "${@:2}" "${exact[@]}" "$1"; }
again() { ffmpeg -hide_banner -loglevel error -y -i "$1" "${@:3}" -c copy "${exact[@]}" "$2"; }

# MP4 and QuickTime
make moov-at-end.mp4 "${h264[@]}" "${aac[@]}"
again moov-at-end.mp4 moov-first.mp4 -movflags +faststart
again moov-at-end.mp4 fragmented.mp4 -movflags +frag_keyframe+empty_moov+default_base_moof
# The first fragment's samples are in moov, so its durations are those of the first fragment alone.
again moov-at-end.mp4 fragmented-samples-in-moov.mp4 -movflags +frag_keyframe -frag_duration 500000
again moov-at-end.mp4 late-clock.mp4 -output_ts_offset 95000
again moov-at-end.mp4 film.3gp
again moov-at-end.mp4 film.mov
sound pcm.mov -c:a pcm_s16le -ar 8000 -t 1
sound aac.m4a "${aac[@]}"
sound alac.m4a -c:a alac
silent silent.mp4 "${h264[@]}"
silent silent.mov "${h264[@]}"
silent silent-fragmented.mp4 "${h264[@]}" -movflags +frag_keyframe+empty_moov
make two-languages.mp4 -map 0:v -map 1:a -map 1:a "${h264[@]}" "${aac[@]}"
make subtitled.mp4 -f srt -i <(printf '1\n00:00:00,000 --> 00:00:01,000\nWords\n') -map 0 -map 1 -map 2 "${h264[@]}" "${aac[@]}" -c:s mov_text

# Matroska and WebM
make film.webm -c:v libvpx "${opus[@]}"
make film.mkv "${h264[@]}" "${aac[@]}"
sound sound.mka "${opus[@]}"
silent silent.webm -c:v libvpx
silent silent.mkv "${h264[@]}"
make two-languages.mkv -map 0:v -map 1:a -map 1:a "${h264[@]}" "${opus[@]}"
# As a browser's MediaRecorder writes: no sizes, no duration, no index.
make recorded.webm -c:v libvpx "${opus[@]}" -f webm -live 1
again film.mkv late-clock.mkv -output_ts_offset 95000

# Sound
sound xing.mp3 -c:a libmp3lame -b:a 16k
sound no-xing.mp3 -c:a libmp3lame -q:a 9 -write_xing 0
sound no-id3.mp3 -c:a libmp3lame -b:a 16k -id3v2_version 0
sound adts.aac "${aac[@]}"
sound pcm.wav -ar 8000 -t 1
sound float.wav -ar 8000 -t 0.5 -c:a pcm_f32le
sound adpcm.wav -c:a adpcm_ms
sound rf64.wav -ar 8000 -t 1 -rf64 always
ffmpeg -hide_banner -loglevel error "${tone[@]}" -ar 8000 -t 1 "${exact[@]}" -f wav - | cat >piped.wav
sound sound.flac -ar 8000 -t 1
sound vorbis.ogg -c:a libvorbis -q:a 0 -ar 8000
sound sound.opus "${opus[@]}"
sound speex.spx -c:a libspeex

# Transport streams. Not named .ts, which is TypeScript to the tools of this project.
make film.m2t "${h264[@]}" "${aac[@]}"
again film.m2t late-clock.m2t -output_ts_offset 95000
make film.m2ts "${h264[@]}" -c:a ac3 -b:a 32k -ar 32000 -mpegts_m2ts_mode 1
silent silent.m2t "${h264[@]}"
sound sound.m2t -c:a mp2 -b:a 32k

# What mediabunny does not know
make film.avi -c:v mpeg4 -c:a libmp3lame -b:a 16k
make film.wmv -c:v wmv2 -c:a wmav2 -b:a 32k
make film.mxf -c:v mpeg2video -c:a pcm_s16le -ar 48000 -r 25 -t 0.08
make film.mpg -c:v mpeg2video -r 25 -c:a mp2 -b:a 32k -t 0.5
make film.flv -c:v flv -c:a libmp3lame -b:a 16k -ar 22050
make film.ogv -c:v libtheora -c:a libvorbis -q:a 0 -ar 8000
sound sound.aiff -ar 8000 -t 1
sound sound.w64 -ar 8000 -t 1
sound sound.au -ar 8000 -t 1
sound sound.ac3 -ar 32000 -b:a 32k
# No encoder of AMR is in Debian's ffmpeg: its header, and frames of 12.2 kbit/s that hold nothing.
{ printf '#!AMR\n'; for _ in $(seq 50); do printf '\x3c'; head -c 31 /dev/zero; done; } >sound.amr
