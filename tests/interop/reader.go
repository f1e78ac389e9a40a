// A reader of tiled logs that shares no line of code with ours: golang.org/x/mod/sumdb, which the Go command trusts.
//
// reader FOLDER ORIGIN VKEY OLD: opens FOLDER/checkpoint with the Ed25519 VKEY, reads every hash that it needs from the
// tiles (x/mod checks each against the signed root), proves and checks the inclusion of every entry, by the bytes of the
// entry bundles, and the consistency of the trees of every size up to OLD with the signed one. It also checks the
// proofs that stand in FOLDER/proofs, one a line: "inclusion SIZE INDEX HASHES" or "consistency SIZE OLD HASHES".
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type folder string

func (f folder) Height() int                         { return 8 }
func (f folder) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// C2SP tlog-tiles leaves the height out of the path: it is always 8.
		data, err := os.ReadFile(filepath.Join(string(f), strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	must(err)
	return value
}

// checkpoint returns size and root of the signed checkpoint.
func checkpoint(dir, origin, vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != origin {
		must(fmt.Errorf("not a checkpoint of %s", origin))
	}
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: number(lines[1]), Hash: root}
}

// entries returns the entries of all bundles.
func entries(dir string, size int64) [][]byte {
	var all [][]byte
	for start := int64(0); start < size; start += 256 {
		tile := tlog.Tile{H: 8, L: -1, N: start / 256, W: int(min(256, size-start))}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(dir, path))
		must(err)
		for len(data) > 0 {
			length := int(binary.BigEndian.Uint16(data))
			all, data = append(all, data[2:2+length]), data[2+length:]
		}
	}
	return all
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func hashes(words []string) []tlog.Hash {
	var all []tlog.Hash
	for _, word := range words {
		data, err := base64.StdEncoding.DecodeString(word)
		must(err)
		var hash tlog.Hash
		copy(hash[:], data)
		all = append(all, hash)
	}
	return all
}

func main() {
	dir, origin, vkey, old := os.Args[1], os.Args[2], os.Args[3], number(os.Args[4])
	tree := checkpoint(dir, origin, vkey)
	reader := tlog.TileHashReader(tree, folder(dir))
	all := entries(dir, tree.N)
	if int64(len(all)) != tree.N {
		must(fmt.Errorf("%d entries, %d signed", len(all), tree.N))
	}
	for index, entry := range all {
		proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry)))
	}
	for size := int64(1); size <= old; size++ {
		root, err := tlog.TreeHash(size, reader)
		must(err)
		proof, err := tlog.ProveTree(tree.N, size, reader)
		must(err)
		must(tlog.CheckTree(proof, tree.N, tree.Hash, size, root))
	}
	ours, err := os.ReadFile(filepath.Join(dir, "proofs"))
	must(err)
	lines := strings.Split(strings.TrimSuffix(string(ours), "\n"), "\n")
	for _, line := range lines {
		words := strings.Fields(line)
		size, at := number(words[1]), number(words[2])
		root, err := tlog.TreeHash(size, reader)
		must(err)
		if words[0] == "inclusion" {
			must(tlog.CheckRecord(hashes(words[3:]), size, root, at, tlog.RecordHash(all[at])))
		} else {
			first, err := tlog.TreeHash(at, reader)
			must(err)
			must(tlog.CheckTree(hashes(words[3:]), size, root, at, first))
		}
	}
	fmt.Printf("%d entries included, %d older trees consistent, %d proofs of ours checked\n", tree.N, old, len(lines))
}
