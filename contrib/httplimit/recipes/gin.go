package recipes

import (
	"github.com/gin-gonic/gin"

	"github.com/throttled-go/throttled/contrib/httplimit"
)

// Gin is a middleware for gin: router.Use(Gin(checker)).
func Gin(checker *httplimit.Checker) gin.HandlerFunc {
	return func(c *gin.Context) {
		if !checker.Check(c.Writer, c.Request) {
			c.Abort()
		}
	}
}
