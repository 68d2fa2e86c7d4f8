// Archive contender: one object after the other, streamed into a ZIP that leaves in parts.
//
// What to change: it waits for S3 most of the time, since it reads one object after the other. Reading ahead makes it faster
// and so cheaper; larger parts need fewer requests.
package main

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// A part of the upload, bytes. S3 takes 10,000 of 5 MiB and more.
const (
	partBytes = 8 << 20
	mostParts = 9000
)

// Folders, drives of Windows, control characters.
var noFile = regexp.MustCompile(`^\.{0,2}$|^[A-Za-z]:|\\|[\x00-\x1f\x7f-\x{9f}]`)

type request struct {
	Bucket  string `json:"bucket_name"`
	Prefix  string `json:"files_prefix"`
	Archive string `json:"archive_key"`
}

type archived struct {
	Entries int `json:"entries"`
}

type contender struct{ s3 *s3.Client }

func main() {
	settings, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	lambda.Start(contender{s3.NewFromConfig(settings)}.handle)
}

func (c contender) handle(ctx context.Context, request request) (archived, error) {
	files, err := c.list(ctx, request)
	if err != nil {
		return archived{}, err
	}
	if err := refuseNames(files); err != nil {
		return archived{}, err
	}
	read, write := io.Pipe()
	go func() { write.CloseWithError(c.archive(ctx, request.Bucket, files, write)) }()
	uploader := manager.NewUploader(c.s3, func(u *manager.Uploader) { u.PartSize = partSize(files) })
	// What fails is aborted by the uploader.
	_, err = uploader.Upload(ctx, &s3.PutObjectInput{Bucket: &request.Bucket, Key: &request.Archive, Body: read})
	read.CloseWithError(err)
	return archived{Entries: len(files)}, err
}

// All objects under the prefix, without the empty ones that only stand for a folder.
func (c contender) list(ctx context.Context, request request) ([]types.Object, error) {
	if request.Prefix == "" {
		return nil, fmt.Errorf("the event's files_prefix is empty: name the objects' prefix")
	}
	prefix := strings.TrimRight(request.Prefix, "/") + "/"
	pages := s3.NewListObjectsV2Paginator(c.s3, &s3.ListObjectsV2Input{Bucket: &request.Bucket, Prefix: &prefix})
	var files []types.Object
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, object := range page.Contents {
			if *object.Size > 0 || !strings.HasSuffix(*object.Key, "/") {
				files = append(files, object)
			}
		}
	}
	return files, nil
}

func (c contender) archive(ctx context.Context, bucket string, files []types.Object, to io.Writer) error {
	archive := zip.NewWriter(to)
	for _, file := range files {
		if err := c.copy(ctx, bucket, file, archive); err != nil {
			return fmt.Errorf("cannot archive %q: %w", *file.Key, err)
		}
	}
	return archive.Close()
}

// Copies one object into the archive, unless it changed after it was listed.
func (c contender) copy(ctx context.Context, bucket string, file types.Object, archive *zip.Writer) error {
	object, err := c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: file.Key, IfMatch: file.ETag})
	if err != nil {
		return err
	}
	defer object.Body.Close()
	entry, err := archive.CreateHeader(&zip.FileHeader{Name: nameOf(file), Method: zip.Store})
	if err != nil {
		return err
	}
	size, err := io.Copy(entry, object.Body)
	if err == nil && size != aws.ToInt64(file.Size) {
		return fmt.Errorf("%d bytes arrived, not %d", size, aws.ToInt64(file.Size))
	}
	return err
}

func nameOf(file types.Object) string {
	return (*file.Key)[strings.LastIndex(*file.Key, "/")+1:]
}

// An archive without folders cannot hold two objects of the same name, nor names that are not one file's everywhere.
func refuseNames(files []types.Object) error {
	seen := map[string]bool{}
	for _, file := range files {
		name := nameOf(file)
		if noFile.MatchString(name) {
			return fmt.Errorf("%q has a name that no file can have: rename it", *file.Key)
		}
		if seen[name] {
			return fmt.Errorf("two objects are named %q, one of them %q: rename one", name, *file.Key)
		}
		seen[name] = true
	}
	return nil
}

func partSize(files []types.Object) int64 {
	var total int64
	for _, file := range files {
		total += *file.Size + 1024
	}
	return max(partBytes, total/mostParts+1)
}
