module github.com/throttled-go/throttled/contrib/httplimit

go 1.26.0

replace github.com/throttled-go/throttled => ../../

require (
	github.com/dunglas/httpsfv v1.1.2
	github.com/stretchr/testify v1.12.1
	github.com/throttled-go/throttled v0.0.0
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sync v0.24.0 // indirect
)
