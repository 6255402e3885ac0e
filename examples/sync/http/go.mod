module github.com/throttled-go/throttled/examples/sync/http

go 1.26.0

replace (
	github.com/throttled-go/throttled => ../../..
	github.com/throttled-go/throttled/contrib/httplimit => ../../../contrib/httplimit
)

require (
	github.com/throttled-go/throttled v0.0.0
	github.com/throttled-go/throttled/contrib/httplimit v0.0.0
)
