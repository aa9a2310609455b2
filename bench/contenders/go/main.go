/*
A heartbeat server in Go as people write it: a goroutine, a bufio.Reader and a read deadline for
each connection, and a map of all connections behind a mutex.

It is a measure of the usual, so it must stay the usual: no smaller buffers, no epoll of its own.
*/
package main

import (
	"bufio"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type server struct {
	timeout time.Duration
	silent  bool
	mutex   sync.Mutex
	clients map[*client]bool
}

type client struct {
	conn     net.Conn
	lastSeen atomic.Int64
}

var pong = []byte("pong\n")

func main() {
	silent := flag.Bool("silent", false, "do not answer pings")
	timeoutMs := flag.Int("timeout-ms", 60000, "how long a connection may be silent")
	flag.Parse()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s := &server{
		timeout: time.Duration(*timeoutMs) * time.Millisecond,
		silent:  *silent,
		clients: make(map[*client]bool),
	}
	go s.accept(listener)

	fmt.Printf("{\"event\":\"ready\",\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	obey()
}

// obey does what stdin asks, and returns when it ends.
func obey() {
	orders := bufio.NewScanner(os.Stdin)
	for orders.Scan() {
		if orders.Text() != "gc" {
			fmt.Fprintf(os.Stderr, "this server knows no order %q\n", orders.Text())
			continue
		}
		runtime.GC()
		runtime.GC()
		debug.FreeOSMemory()
		fmt.Println("{\"event\":\"gc\"}")
	}
}

func (s *server) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			// Out of descriptors, most likely: there may be some again soon.
			time.Sleep(5 * time.Millisecond)
			continue
		}
		go s.serve(conn)
	}
}

func (s *server) serve(conn net.Conn) {
	c := &client{conn: conn}
	s.remember(c)
	defer s.forget(c)
	reader := bufio.NewReader(conn)
	for {
		now := time.Now()
		c.lastSeen.Store(now.UnixNano())
		conn.SetReadDeadline(now.Add(s.timeout))
		line, err := reader.ReadString('\n')
		if err != nil {
			return
		}
		switch {
		case line == "ping\n":
			if !s.silent {
				conn.Write(pong)
			}
		case strings.HasPrefix(line, "!"):
			s.broadcast([]byte(line))
		default:
			conn.Write([]byte(line))
		}
	}
}

func (s *server) remember(c *client) {
	s.mutex.Lock()
	s.clients[c] = true
	s.mutex.Unlock()
}

func (s *server) forget(c *client) {
	s.mutex.Lock()
	delete(s.clients, c)
	s.mutex.Unlock()
	c.conn.Close()
}

func (s *server) broadcast(line []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for c := range s.clients {
		c.conn.Write(line)
	}
}
