// The far ends of a transfer, cheap enough that the process in between is what is measured. Both stand in front of the local
// stack: a bucket whose objects are read from memory, and a cielo24 whose add_media drops what it is sent. The stack
// answers everything else, and checks the signature of every GET.
//
// It takes {"cert", "key", "bucket", "cielo24"} as JSON on standard input, and prints the addresses, then a
// line for each body that came whole. It ends when standard input does. Only the standard library, Go 1.19 or later.
package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	slowBytesPerSecond = 50_000_000
	// A slow source sends so much at a time, as a network does, not in bursts.
	slowPieceBytes = 64 << 10
	readBytes      = 1 << 20
)

// What every object repeats. Its length fits no power of two: a buffer that is used again too early shows.
var pattern = makePattern(1_000_003)

func makePattern(size int) []byte {
	made := make([]byte, 0, size+sha256.Size)
	for count := uint64(0); len(made) < size; count++ {
		hash := sha256.Sum256(binary.BigEndian.AppendUint64(nil, count))
		made = append(made, hash[:]...)
	}
	return made[:size]
}

type bucket struct {
	stack          *url.URL
	rest           http.Handler
	bytesPerSecond int64
}

// A GET of a whole object asks the stack, which checks the signature and says size and ETag. The bytes are our own.
func (b bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || r.Header.Get("Range") != "" {
		b.rest.ServeHTTP(w, r)
		return
	}
	asked := r.Clone(r.Context())
	asked.RequestURI = ""
	asked.URL.Scheme, asked.URL.Host = b.stack.Scheme, b.stack.Host
	asked.Header.Del("Connection")
	asked.Close = true
	answer, err := http.DefaultTransport.RoundTrip(asked)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	answer.Header.Del("Connection")
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	if answer.StatusCode != http.StatusOK {
		io.Copy(w, answer.Body)
		return
	}
	b.send(w, answer.ContentLength)
}

func (b bucket) send(w io.Writer, size int64) {
	begun := time.Now()
	for sent := int64(0); sent < size; {
		piece := pattern[sent%int64(len(pattern)):]
		if b.bytesPerSecond > 0 {
			if len(piece) > slowPieceBytes {
				piece = piece[:slowPieceBytes]
			}
			time.Sleep(time.Until(begun.Add(time.Duration(sent * int64(time.Second) / b.bytesPerSecond))))
		}
		if int64(len(piece)) > size-sent {
			piece = piece[:size-sent]
		}
		if _, err := w.Write(piece); err != nil {
			return
		}
		sent += int64(len(piece))
	}
}

var readBuffers = sync.Pool{New: func() any { return make([]byte, readBytes) }}

// Takes bodies for add_media, and PUTs of whoever can only store. It compares every byte, and refuses what is cut short.
func takeBody(w http.ResponseWriter, r *http.Request) {
	buffer := readBuffers.Get().([]byte)
	defer readBuffers.Put(buffer)
	taken, isRight := int64(0), true
	for {
		count, err := r.Body.Read(buffer)
		for got := buffer[:count]; len(got) > 0; {
			want := pattern[taken%int64(len(pattern)):]
			if len(want) > len(got) {
				want = want[:len(got)]
			}
			isRight = isRight && bytes.Equal(got[:len(want)], want)
			taken += int64(len(want))
			got = got[len(want):]
		}
		if err != nil {
			break
		}
	}
	if taken != r.ContentLength || !isRight {
		http.Error(w, fmt.Sprintf("%d of %d bytes came, as sent: %v", taken, r.ContentLength, isRight), http.StatusBadRequest)
		return
	}
	fmt.Printf("{\"takenBytes\": %d}\n", taken)
	w.Header().Set("ETag", `"taken"`)
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"TaskId": "0123456789abcdef0123456789abcdef"}`)
}

// Beside the API lies a store, empty and without memory.
func cielo24(rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch isAPI := strings.HasPrefix(r.URL.Path, "/api/"); {
		case r.Method == http.MethodPut, r.Method == http.MethodPost && r.URL.Path == "/api/job/add_media":
			takeBody(w, r)
		case isAPI:
			rest.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

type order struct{ Cert, Key, Bucket, Cielo24 string }

func main() {
	var given order
	input := json.NewDecoder(os.Stdin)
	must(input.Decode(&given))
	certificate, err := tls.X509KeyPair([]byte(given.Cert), []byte(given.Key))
	must(err)
	overTLS := &tls.Config{
		Certificates: []tls.Certificate{certificate},
		NextProtos:   []string{"http/1.1"},
		// Small records at first are for browsers.
		DynamicRecordSizingDisabled: true,
	}

	stackBucket, err := url.Parse(given.Bucket)
	must(err)
	stackCielo24, err := url.Parse(given.Cielo24)
	must(err)
	bucketRest := httputil.NewSingleHostReverseProxy(stackBucket)
	fast := bucket{stack: stackBucket, rest: bucketRest}
	slow := bucket{stack: stackBucket, rest: bucketRest, bytesPerSecond: slowBytesPerSecond}
	sink := cielo24(httputil.NewSingleHostReverseProxy(stackCielo24))
	json.NewEncoder(os.Stdout).Encode(map[string]string{
		"bucket":         serve(fast, nil),
		"bucketTls":      serve(fast, overTLS),
		"slowBucket":     serve(slow, nil),
		"slowBucketTls":  serve(slow, overTLS),
		"cielo24":        serve(sink, nil),
		"cielo24Tls":     serve(sink, overTLS),
		"bytesPerSecond": strconv.Itoa(slowBytesPerSecond),
	})
	io.Copy(io.Discard, io.MultiReader(input.Buffered(), os.Stdin))
}

func serve(handler http.Handler, config *tls.Config) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	address := listener.Addr().String()
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	if config == nil {
		go server.Serve(listener)
		return "http://" + address
	}
	go server.Serve(tls.NewListener(listener, config))
	return "https://" + address
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
