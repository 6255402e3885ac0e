package script

import "strings"

// slotOf returns the slot of a key in a cluster, as the cluster specification
// has it: CRC16 (XMODEM) of the hash tag, or else of the whole key, modulo 16384.
func slotOf(key string) uint16 {
	if open := strings.IndexByte(key, '{'); open >= 0 {
		if size := strings.IndexByte(key[open+1:], '}'); size > 0 {
			key = key[open+1 : open+1+size]
		}
	}
	var sum uint16
	for i := range len(key) {
		sum = sum<<8 ^ crc16[byte(sum>>8)^key[i]]
	}
	return sum & (slots - 1)
}

// slots is how many a cluster has.
const slots = 1 << 14

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
