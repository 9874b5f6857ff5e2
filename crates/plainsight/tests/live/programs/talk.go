// A client and a server over Go's own TLS, which tell the truth about themselves as lines of JSON.
//
//	talk serve CERTIFICATE KEY       says its port, then each request that it answers, until its input ends
//	talk call PORT CONNECTIONS CALLS makes calls over so many connections at once, each by net/http
//	talk raw PORT CONNECTIONS CALLS  the same by a tls.Conn of its own, which reads onto the stack of its goroutine
//	talk wrapped PORT ...            the same on connections of a type that Go does not know
//	talk proxied PORT PROXY          makes one call through a proxy that is spoken to over TLS
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
)

// What is true of one call.
type made struct {
	Pid    int    `json:"pid"`
	Fd     int    `json:"fd"`
	Port   int    `json:"port"` // the client's
	Path   string `json:"path"`
	Status int    `json:"status"`
}

var out sync.Mutex

func tell(what any) {
	out.Lock()
	defer out.Unlock()
	check(json.NewEncoder(os.Stdout).Encode(what))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	if os.Args[1] == "serve" {
		serve(os.Args[2], os.Args[3])
		return
	}
	if os.Args[1] == "proxied" {
		proxied("127.0.0.1:"+os.Args[2], "127.0.0.1:"+os.Args[3])
		return
	}
	number := func(at int) int {
		number, err := strconv.Atoi(os.Args[at])
		check(err)
		return number
	}
	kinds := map[string]func(address, path string, calls int){"call": call, "raw": raw, "wrapped": wrapped}
	var done sync.WaitGroup
	for connection := 0; connection < number(3); connection++ {
		done.Add(1)
		path := fmt.Sprintf("/%s/%d", os.Args[1], connection)
		go func() {
			defer done.Done()
			kinds[os.Args[1]]("127.0.0.1:"+os.Args[2], path, number(4))
		}()
	}
	done.Wait()
}

func descriptor(conn net.Conn) (fd int) {
	raw, err := conn.(*net.TCPConn).SyscallConn()
	check(err)
	check(raw.Control(func(its uintptr) { fd = int(its) }))
	return fd
}

func port(address net.Addr) int {
	return address.(*net.TCPAddr).Port
}

type key struct{}

func serve(certificate, private string) {
	pair, err := tls.LoadX509KeyPair(certificate, private)
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	answer := func(to http.ResponseWriter, asked *http.Request) {
		conn := asked.Context().Value(key{}).(*tls.Conn)
		tell(made{os.Getpid(), descriptor(conn.NetConn()), port(conn.RemoteAddr()), asked.URL.Path, 200})
		fmt.Fprintf(to, "you asked for %s\n", asked.URL.Path)
	}
	server := http.Server{
		Handler:     http.HandlerFunc(answer),
		TLSConfig:   &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}},
		ConnContext: func(of context.Context, conn net.Conn) context.Context { return context.WithValue(of, key{}, conn) },
	}
	tell(port(listener.Addr()))
	go func() { check(server.ServeTLS(listener, "", "")) }()
	io.Copy(io.Discard, os.Stdin)
}

var trusting = &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}

func call(address, path string, calls int) {
	var below net.Conn
	dial := func(of context.Context, network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		below = conn
		return conn, err
	}
	client := http.Client{Transport: &http.Transport{DialContext: dial, TLSClientConfig: trusting}}
	for number := 0; number < calls; number++ {
		path := fmt.Sprintf("%s/%d", path, number)
		response, err := client.Get("https://" + address + path)
		check(err)
		_, err = io.Copy(io.Discard, response.Body)
		check(err)
		response.Body.Close()
		tell(made{os.Getpid(), descriptor(below), port(below.LocalAddr()), path, response.StatusCode})
	}
	client.CloseIdleConnections()
}

func proxied(address, proxy string) {
	by := http.ProxyURL(&url.URL{Scheme: "https", Host: proxy})
	client := http.Client{Transport: &http.Transport{Proxy: by, TLSClientConfig: trusting}}
	response, err := client.Get("https://" + address + "/inside")
	check(err)
	_, err = io.Copy(io.Discard, response.Body)
	check(err)
}

func raw(address, path string, calls int) {
	below, err := net.Dial("tcp", address)
	check(err)
	talk(tls.Client(below, trusting), below, path, calls)
}

// A connection of a type of its own, as proxies and meters have them.
type own struct{ net.Conn }

func wrapped(address, path string, calls int) {
	below, err := net.Dial("tcp", address)
	check(err)
	talk(tls.Client(own{below}, trusting), below, path, calls)
}

func talk(conn *tls.Conn, below net.Conn, path string, calls int) {
	for number := 0; number < calls; number++ {
		path := fmt.Sprintf("%s/%d", path, number)
		_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
		check(err)
		status := make(chan int)
		go answered(conn, status)
		tell(made{os.Getpid(), descriptor(below), port(below.LocalAddr()), path, <-status})
	}
	conn.Close()
}

// Reads an answer to its end, which a line's end is, and gives its status. A new goroutine has a stack that a read is too
// deep for: it is moved while the call goes on, and the room on it too.
func answered(conn *tls.Conn, give chan int) {
	var room [700]byte
	var all bytes.Buffer
	var status int
	for !bytes.Contains(all.Bytes(), []byte("\r\n\r\n")) || !bytes.HasSuffix(all.Bytes(), []byte("\n")) {
		length, err := conn.Read(room[:])
		check(err)
		all.Write(room[:length])
	}
	_, err := fmt.Sscanf(all.String(), "HTTP/1.1 %d", &status)
	check(err)
	give <- status
}
