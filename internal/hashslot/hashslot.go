// Package hashslot has the hash slots of a Redis cluster, as the cluster
// specification defines them.
package hashslot

import "strings"

// Count is how many slots a cluster has.
const Count = 1 << 14

// Of returns the slot of a key: CRC16 (XMODEM) modulo Count. It is taken of the
// hash tag, the text between the first "{" and the next "}", if the key has one
// that is not empty, and else of the whole key.
func Of(key string) uint16 {
	if open := strings.IndexByte(key, '{'); open >= 0 {
		if size := strings.IndexByte(key[open+1:], '}'); size > 0 {
			key = key[open+1 : open+1+size]
		}
	}
	var sum uint16
	for i := range len(key) {
		sum = sum<<8 ^ crc16[byte(sum>>8)^key[i]]
	}
	return sum % Count
}

// crc16 is the remainder of each byte by the polynomial x^16 + x^12 + x^5 + 1.
var crc16 = func() (table [256]uint16) {
	for i := range table {
		sum := uint16(i) << 8
		for range 8 {
			carry := sum >> 15
			sum = sum<<1 ^ carry*0x1021
		}
		table[i] = sum
	}
	return table
}()
