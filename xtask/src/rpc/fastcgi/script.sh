#!/bin/sh
echo "Content-Type: text/plain"
echo
echo "hello, $REMOTE_USER"
echo "something to log" >&2
exit 3
