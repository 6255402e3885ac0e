module github.com/throttled-go/throttled/examples/sync/http-redis

go 1.26.0

replace (
	github.com/throttled-go/throttled => ../../..
	github.com/throttled-go/throttled/contrib/httplimit => ../../../contrib/httplimit
)

require (
	github.com/throttled-go/throttled v0.0.0
	github.com/throttled-go/throttled/contrib/httplimit v0.0.0
)

require (
	github.com/redis/rueidis v1.0.79 // indirect
	github.com/sony/gobreaker/v2 v2.4.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
)
