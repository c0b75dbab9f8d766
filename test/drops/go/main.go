// Drops by Go's upload manager, as the other drivers of test/drops do with other libraries.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

var bucket = aws.String(os.Getenv("BUCKET"))

var client = s3.New(s3.Options{
	BaseEndpoint: aws.String(os.Getenv("S3_ENDPOINT")),
	Credentials: credentials.NewStaticCredentialsProvider(
		os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
	Region:       os.Getenv("AWS_REGION"),
	UsePathStyle: true,
})

func put(body io.Reader, key string) error {
	input := &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: body}
	_, err := manager.NewUploader(client).Upload(context.Background(), input)
	return err
}

func upload(path, key string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return put(file, key)
}

func folder(path, prefix string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := upload(filepath.Join(path, entry.Name()), prefix+entry.Name()); err != nil {
			return err
		}
	}
	return nil
}

func copyObject(from, to string) error {
	source := url.QueryEscape(*bucket + "/" + from)
	_, err := client.CopyObject(context.Background(), &s3.CopyObjectInput{Bucket: bucket, Key: &to, CopySource: &source})
	return err
}

func move(from, to string) error {
	if err := copyObject(from, to); err != nil {
		return err
	}
	_, err := client.DeleteObject(context.Background(), &s3.DeleteObjectInput{Bucket: bucket, Key: &from})
	return err
}

// failing ends with an error where a file would end.
type failing struct{ io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = errors.New("the source broke off")
	}
	return n, err
}

// breakOff uploads from a source that fails after so many bytes.
func breakOff(path, key, bytes string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	most, err := strconv.ParseInt(bytes, 10, 64)
	if err != nil {
		return err
	}
	return put(failing{io.LimitReader(file, most)}, key)
}

func main() {
	args := os.Args[2:]
	var err error
	switch os.Args[1] {
	case "upload":
		err = upload(args[0], args[1])
	case "folder":
		err = folder(args[0], args[1])
	case "copy":
		err = copyObject(args[0], args[1])
	case "move":
		err = move(args[0], args[1])
	case "exception":
		err = breakOff(args[0], args[1], args[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
