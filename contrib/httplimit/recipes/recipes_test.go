package recipes_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/gofiber/fiber/v3"
	"github.com/julienschmidt/httprouter"
	"github.com/labstack/echo/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/httplimit"
	"github.com/throttled-go/throttled/contrib/httplimit/recipes"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

// served answers a request by an application of a framework.
type served func(r *http.Request) (*http.Response, error)

func serve(handler http.Handler) served {
	return func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Result(), nil
	}
}

// applications are one for each recipe. Each counts how often its handler ran.
var applications = map[string]func(checker *httplimit.Checker, ran *int) served{
	"gin": func(checker *httplimit.Checker, ran *int) served {
		gin.SetMode(gin.TestMode)
		router := gin.New()
		router.Use(recipes.Gin(checker))
		router.GET("/page", func(c *gin.Context) { *ran++; c.String(http.StatusOK, "hello") })
		return serve(router)
	},
	"echo": func(checker *httplimit.Checker, ran *int) served {
		router := echo.New()
		router.Use(recipes.Echo(checker))
		router.GET("/page", func(c *echo.Context) error { *ran++; return c.String(http.StatusOK, "hello") })
		return serve(router)
	},
	"chi": func(checker *httplimit.Checker, ran *int) served {
		router := chi.NewRouter()
		router.Use(checker.Wrap)
		router.Get("/page", func(w http.ResponseWriter, _ *http.Request) { *ran++; _, _ = io.WriteString(w, "hello") })
		return serve(router)
	},
	"httprouter": func(checker *httplimit.Checker, ran *int) served {
		router := httprouter.New()
		router.GET("/page", recipes.HTTPRouter(checker, func(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) {
			*ran++
			_, _ = io.WriteString(w, "hello")
		}))
		return serve(router)
	},
	"fiber": func(checker *httplimit.Checker, ran *int) served {
		app := fiber.New()
		app.Use(recipes.Fiber(checker))
		app.Get("/page", func(c fiber.Ctx) error { *ran++; return c.SendString("hello") })
		return func(r *http.Request) (*http.Response, error) { return app.Test(r) }
	},
}

func newChecker(t *testing.T, options httplimit.Options) *httplimit.Checker {
	t.Helper()
	memory, err := store.NewMemory(store.Options{})
	require.NoError(t, err)
	limiter, err := sync.New(throttled.Config{Quota: throttled.PerHour(1), Store: memory})
	require.NoError(t, err)
	checker, err := httplimit.NewChecker(limiter, options)
	require.NoError(t, err)
	return checker
}

func TestRecipes(t *testing.T) {
	for name, application := range applications {
		t.Run(name, func(t *testing.T) {
			ran := 0
			ask := application(newChecker(t, httplimit.Options{Key: httplimit.Header("X-API-Key")}), &ran)
			for _, c := range []struct {
				keys   []string
				status int
				ran    int
				limit  string
			}{
				{[]string{"a"}, http.StatusOK, 1, `"1/h";r=0;t=3600`},
				{[]string{"a"}, http.StatusTooManyRequests, 1, `"1/h";r=0;t=3600`},
				{[]string{"b"}, http.StatusOK, 2, `"1/h";r=0;t=3600`},
				{[]string{"c", "d"}, http.StatusBadRequest, 2, ""},
			} {
				r := httptest.NewRequest(http.MethodGet, "/page", nil)
				for _, key := range c.keys {
					r.Header.Add("X-API-Key", key)
				}
				res, err := ask(r)
				require.NoError(t, err)
				assert.Equal(t, c.status, res.StatusCode, c.keys)
				assert.Equal(t, c.ran, ran)
				assert.Equal(t, c.limit, res.Header.Get("RateLimit"))
				text, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				assert.NoError(t, res.Body.Close())
				if c.status == http.StatusOK {
					assert.Equal(t, "hello", string(text))
					assert.Equal(t, `"1/h";q=1;w=3600`, res.Header.Get("RateLimit-Policy"))
					continue
				}
				assert.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
				assert.Contains(t, string(text), `"title":`)
				assert.NotContains(t, string(text), "hello")
			}
		})
	}
}

func TestChiClientIP(t *testing.T) {
	router := chi.NewRouter()
	router.Use(middleware.ClientIPFromXFF("10.0.0.0/8"))
	router.Use(newChecker(t, httplimit.Options{Key: recipes.ChiClientIP}).Wrap)
	router.Get("/page", func(http.ResponseWriter, *http.Request) {})
	for _, c := range []struct {
		address string
		status  int
	}{
		{"192.0.2.1", http.StatusOK},
		{"192.0.2.1", http.StatusTooManyRequests},
		{"6.6.6.6, 192.0.2.1", http.StatusTooManyRequests},
		{"2001:db8::1", http.StatusOK},
		{"2001:db8::2", http.StatusTooManyRequests},
		{"garbage", http.StatusBadRequest},
	} {
		r := httptest.NewRequest(http.MethodGet, "/page", nil)
		r.RemoteAddr = "10.1.2.3:4567"
		r.Header.Set("X-Forwarded-For", c.address)
		res, err := serve(router)(r)
		require.NoError(t, err)
		assert.Equal(t, c.status, res.StatusCode, c.address)
	}
}
