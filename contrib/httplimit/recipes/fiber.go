package recipes

import (
	"net/http"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"

	"github.com/throttled-go/throttled/contrib/httplimit"
)

// Fiber is a middleware for fiber: app.Use(Fiber(checker)).
func Fiber(checker *httplimit.Checker) fiber.Handler {
	return func(c fiber.Ctx) error {
		r, err := adaptor.ConvertRequest(c, true)
		if err != nil {
			return err
		}
		r.Header = http.Header{} // of a field in several lines, it has only the last
		for name, value := range c.Request().Header.All() {
			r.Header.Add(string(name), string(value))
		}
		w := fiberWriter{c, http.Header{}}
		allowed := checker.Check(w, r.WithContext(c.Context()))
		for name, values := range w.header {
			for _, value := range values {
				c.Response().Header.Add(name, value)
			}
		}
		if !allowed {
			return nil // it is answered
		}
		return c.Next()
	}
}

// fiberWriter is an http.ResponseWriter whose fields are for Fiber to copy.
type fiberWriter struct {
	c      fiber.Ctx
	header http.Header
}

func (w fiberWriter) Header() http.Header         { return w.header }
func (w fiberWriter) WriteHeader(status int)      { w.c.Status(status) }
func (w fiberWriter) Write(p []byte) (int, error) { return w.c.Write(p) }
