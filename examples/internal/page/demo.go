package page

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// demonstrate asks one server after the other until it is denied, waits as long
// as it is told to, and asks again.
func demonstrate(ctx context.Context, servers []string) error {
	const quota = "2/s burst 6"
	fmt.Printf("\nquota %s, cost 1\n", quota)
	query := "/ask/token_bucket?" + url.Values{"quota": {quota}, "cost": {"1"}}.Encode()
	for i := 0; ; i++ {
		status, fields, err := get(ctx, servers[i%len(servers)]+query)
		if err != nil {
			return err
		}
		where := ""
		if len(servers) > 1 {
			where = fmt.Sprintf("  server %d", i%len(servers)+1)
		}
		fmt.Printf("%s  %d  RateLimit: %s", where, status, fields.Get("RateLimit"))
		if status != http.StatusTooManyRequests {
			fmt.Println()
			continue
		}
		fmt.Printf("  Retry-After: %s\n", fields.Get("Retry-After"))
		seconds, err := strconv.Atoi(fields.Get("Retry-After"))
		if err != nil {
			return err
		}
		time.Sleep(time.Duration(seconds) * time.Second)
		status, _, err = get(ctx, servers[i%len(servers)]+query)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("denied again after %d s, which were to be enough", seconds)
		}
		fmt.Printf("after %d s: %d\n", seconds, status)
		return err
	}
}

// get asks once.
func get(ctx context.Context, address string) (int, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header, err
}
