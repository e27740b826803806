#!/bin/sh
# Copy the stock to another machine. Needs rsync.
set -e

copy() {
    rsync -a "$1" "$2"
}

copy stock backup:
