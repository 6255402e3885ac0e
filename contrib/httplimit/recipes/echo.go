package recipes

import (
	"github.com/labstack/echo/v5"

	"github.com/throttled-go/throttled/contrib/httplimit"
)

// Echo is a middleware for echo: router.Use(Echo(checker)).
func Echo(checker *httplimit.Checker) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			if !checker.Check(c.Response(), c.Request()) {
				return nil // it is answered
			}
			return next(c)
		}
	}
}
