// A client with Go's HTTP/2 and gRPC, as the docker CLI and buildx have them:
//
//	peer http HOST CERTS PATH...          GET each path, all at a time
//	peer grpc HOST CERTS [METHOD HEX]...  call each method with a message, all at a time
//
// HOST has the form of DOCKER_HOST. CERTS is "" or the directory of ca.pem, cert.pem and key.pem; then ALPN selects
// HTTP/2, otherwise the client begins with it. It prints a line of JSON for each call, in order.
package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

func main() {
	mode, scheme, certs, words := os.Args[1], strings.SplitN(os.Args[2], "://", 2), os.Args[3], os.Args[4:]
	dial := func() (net.Conn, error) { return net.Dial(scheme[0], scheme[1]) }
	var secure *tls.Config
	if certs != "" {
		secure = config(certs)
	}
	if mode == "http" {
		client := &http.Client{Transport: transport(secure, dial)}
		each(len(words), func(i int) []interface{} { return get(client, scheme[1], secure != nil, words[i]) })
		return
	}
	options := []grpc.DialOption{
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return dial() }),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})),
	}
	if secure != nil {
		options = append(options, grpc.WithTransportCredentials(credentials.NewTLS(secure)))
	} else {
		options = append(options, grpc.WithInsecure())
	}
	channel, err := grpc.Dial("passthrough:///127.0.0.1", options...)
	check(err)
	each(len(words)/2, func(i int) []interface{} { return call(channel, words[2*i], words[2*i+1]) })
}

// Do what is to be done, all at a time, and print the results in order.
func each(count int, do func(int) []interface{}) {
	found, wait := make([][]interface{}, count), sync.WaitGroup{}
	for i := range found {
		wait.Add(1)
		go func(i int) { defer wait.Done(); found[i] = do(i) }(i)
	}
	wait.Wait()
	for _, one := range found {
		line, err := json.Marshal(one)
		check(err)
		fmt.Println(string(line))
	}
}

func get(client *http.Client, host string, secure bool, path string) []interface{} {
	url := "http://docker" + path
	if secure {
		url = "https://" + host + path
	}
	answer, err := client.Get(url)
	check(err)
	body, err := io.ReadAll(answer.Body)
	check(err)
	return []interface{}{answer.Proto, answer.StatusCode, len(body), fmt.Sprintf("%x", sha256.Sum256(body))}
}

func call(channel *grpc.ClientConn, method, message string) []interface{} {
	asked, err := hex.DecodeString(message)
	check(err)
	stream, err := channel.NewStream(context.Background(), &grpc.StreamDesc{ServerStreams: true}, method)
	check(err)
	check(stream.SendMsg(&asked))
	check(stream.CloseSend())
	messages := []string{}
	for {
		var one []byte
		if err = stream.RecvMsg(&one); err != nil {
			break
		}
		messages = append(messages, hex.EncodeToString(one))
	}
	if err == io.EOF {
		err = nil
	}
	return []interface{}{messages, status.Code(err).String(), status.Convert(err).Message()}
}

func transport(secure *tls.Config, dial func() (net.Conn, error)) http.RoundTripper {
	if secure != nil {
		return &http.Transport{TLSClientConfig: secure, ForceAttemptHTTP2: true}
	}
	return &http2.Transport{
		AllowHTTP: true,
		DialTLS:   func(string, string, *tls.Config) (net.Conn, error) { return dial() },
	}
}

func config(certs string) *tls.Config {
	ca, err := os.ReadFile(certs + "/ca.pem")
	check(err)
	pair, err := tls.LoadX509KeyPair(certs+"/cert.pem", certs+"/key.pem")
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}
}

// Messages as they are.
type raw struct{}

func (raw) Name() string                            { return "proto" }
func (raw) Marshal(one interface{}) ([]byte, error) { return *one.(*[]byte), nil }
func (raw) Unmarshal(data []byte, one interface{}) error {
	*one.(*[]byte) = append([]byte{}, data...)
	return nil
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
