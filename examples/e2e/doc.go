// Package e2e tests the examples that serve a page as a person would: it builds
// and runs each, opens the page in headless Chromium, and presses the button.
// It needs Chromium and redis-server, and fails without.
//
//	go -C examples/e2e test . -shots DIR
//
// also takes pictures, light and dark, wide and narrow.
package e2e
