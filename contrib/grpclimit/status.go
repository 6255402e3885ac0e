package grpclimit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/throttled-go/throttled"
)

// statusError is what the other side is told, and why.
type statusError struct {
	told  *status.Status
	cause error
}

func (e *statusError) Error() string              { return e.cause.Error() }
func (e *statusError) Unwrap() error              { return e.cause }
func (e *statusError) GRPCStatus() *status.Status { return e.told }

// limited returns the error of a call that the quota turned away. quota may be
// the zero Quota, where it is not known.
func limited(name string, quota throttled.Quota, denial *throttled.LimitedError) error {
	res := denial.Result
	violation := &errdetails.QuotaFailure_Violation{Subject: name, Description: quota.String()}
	if rates := quota.Rates(); res.Rate() < len(rates) {
		violation.Description = throttled.NewQuota(rates[res.Rate()]).String()
	}
	text := fmt.Sprintf("over the quota %q", name)
	if violation.Description != "" {
		text += " of " + violation.Description
	}
	details := []protoadapt.MessageV1{&errdetails.QuotaFailure{Violations: []*errdetails.QuotaFailure_Violation{violation}}}
	if res.RetryAfter() == throttled.Never {
		text += ": the call costs more than it ever allows"
	} else {
		text += ": retry after " + res.RetryAfter().String()
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(res.RetryAfter())})
	}
	told := status.New(codes.ResourceExhausted, text)
	if detailed, err := told.WithDetails(details...); err == nil {
		told = detailed
	}
	return &statusError{told, denial}
}

// failed returns the error of a call for which there is no decision. What
// failed inside is not told to the other side: it may name hosts and keys.
func failed(err error) error {
	switch ended := status.FromContextError(err); {
	case away(err) || errors.Is(err, throttled.ErrFull):
		return &statusError{status.New(codes.Unavailable, "the rate limiter is not available"), err}
	case ended.Code() != codes.Unknown:
		return &statusError{ended, err}
	default:
		return &statusError{status.New(codes.Internal, "the rate limiter failed"), err}
	}
}

// away reports whether err is that of a store that decides nothing now.
func away(err error) bool {
	return errors.Is(err, throttled.ErrStoreUnavailable) || errors.Is(err, throttled.ErrClosed)
}

// keyless returns the error of a call that has no key.
func keyless(err error) error {
	if told, ok := status.FromError(err); ok {
		return &statusError{told, err}
	}
	return &statusError{status.New(codes.InvalidArgument, err.Error()), err}
}

// pushback returns the trailer of gRFC A6 that tells a client with a retry
// policy when to come back, in whole milliseconds rounded up, or with −1 that
// it makes no sense.
func pushback(res throttled.Result) metadata.MD {
	after := int64(-1)
	if res.RetryAfter() != throttled.Never {
		after = int64((res.RetryAfter() + time.Millisecond - 1) / time.Millisecond)
	}
	return metadata.Pairs("grpc-retry-pushback-ms", strconv.FormatInt(after, 10))
}

// longest is the longest RetryInfo that makes a difference: 146 years, to which
// a tenth can be added without an overflow.
const longest time.Duration = 1 << 62

// retryDelay returns the RetryInfo of an error of the other side.
func retryDelay(err error) (time.Duration, bool) {
	told, ok := status.FromError(err)
	if !ok || told.Code() != codes.ResourceExhausted && told.Code() != codes.Unavailable {
		return 0, false
	}
	for _, detail := range told.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok && info.GetRetryDelay().IsValid() {
			return min(max(0, info.GetRetryDelay().AsDuration()), longest), true
		}
	}
	return 0, false
}

// sleep returns when d has passed, or with the error of ctx at once if its
// deadline comes before that.
func sleep(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return context.DeadlineExceeded
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
