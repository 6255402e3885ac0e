// Package recipes shows httplimit in other people's routers and frameworks. It is there
// to be copied from, and compiled and run here so that it works.
package recipes
