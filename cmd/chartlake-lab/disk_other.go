//go:build !linux

package main

import "errors"

func newLoopDisk(root, fs string) (place, error) {
	return nil, errors.New("power cuts need Linux")
}
