package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/sqlite"
)

// streamLength is how many events a benchmark gives a stream before it begins the next,
// more than a run has and less than a monitor's month.
const streamLength = 40

// benchStore returns a store that has run for a while: its WAL has reached its size, so
// that no file grows under the measurement.
func benchStore(b *testing.B, opts ...sqlite.Option) *sqlite.Store {
	b.Helper()
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "events.db"), opts...)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	for range 40 {
		es := make([]eventstore.Event, 1000)
		for i := range es {
			es[i] = eventstore.Event{ID: uuid.New(), Type: "run.step_finished.v1", Data: benchData, Meta: benchMeta}
		}
		_, err := store.Append(b.Context(), "run-"+uuid.NewString(), eventstore.NoStream, es...)
		require.NoError(b, err)
	}
	return store
}

// source makes the events of one writer: 500 bytes of data, 75 of metadata, each stream
// from its first version on.
type source struct {
	stream  string
	version int
}

var (
	benchData = []byte(fmt.Sprintf("%-500s", `{"outcome":"passed"}`))
	benchMeta = []byte(fmt.Sprintf("%-75s", `{"actor":"bench"}`))
)

func (s *source) append(b *testing.B, store eventstore.Store) error {
	b.Helper()
	if s.version%streamLength == 0 {
		s.stream, s.version = "run-"+uuid.NewString(), 0
	}
	_, err := store.Append(b.Context(), s.stream, eventstore.Expected(s.version),
		eventstore.Event{ID: uuid.New(), Type: "run.step_finished.v1", Data: benchData, Meta: benchMeta})
	s.version++
	return err
}

// appendFor lets writers append until the time is over, and returns the latency of each
// append and the appends per second.
func appendFor(b *testing.B, store eventstore.Store, writers int, d time.Duration) ([]time.Duration, float64) {
	b.Helper()
	took := make([][]time.Duration, writers)
	var failed atomic.Value
	var wg sync.WaitGroup
	start := time.Now()
	for i := range writers {
		wg.Go(func() {
			var s source
			for time.Since(start) < d {
				t := time.Now()
				if err := s.append(b, store); err != nil {
					failed.Store(err)
					return
				}
				took[i] = append(took[i], time.Since(t))
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(start).Seconds()
	require.Nil(b, failed.Load())
	all := slices.Concat(took...)
	slices.Sort(all)
	return all, float64(len(all)) / elapsed
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// syncFor writes 4 KiB and syncs, over and over, in a file that is as long already.
func syncFor(b *testing.B, f *os.File, d time.Duration) []time.Duration {
	b.Helper()
	var took []time.Duration
	page := make([]byte, 4096)
	for start := time.Now(); time.Since(start) < d; {
		t := time.Now()
		_, err := f.WriteAt(page, int64(len(took)%1024)*4096)
		require.NoError(b, err)
		require.NoError(b, fdatasync(f))
		took = append(took, time.Since(t))
	}
	slices.Sort(took)
	return took
}

// BenchmarkSingleAppend compares one writer's append with the least that durability
// costs on this disk. Both alternate; each metric is the median of the rounds.
func BenchmarkSingleAppend(b *testing.B) {
	store := benchStore(b)
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	require.NoError(b, err)
	defer f.Close()
	_, err = f.Write(make([]byte, 1024*4096))
	require.NoError(b, err)
	require.NoError(b, f.Sync())

	const rounds, slice = 5, 400 * time.Millisecond
	for b.Loop() {
		var appends, raws, ratios, p99, rawP99 []float64
		for range rounds {
			raw := syncFor(b, f, slice)
			took, _ := appendFor(b, store, 1, slice)
			appends, raws = append(appends, micros(quantile(took, 0.5))), append(raws, micros(quantile(raw, 0.5)))
			ratios = append(ratios, appends[len(appends)-1]/raws[len(raws)-1])
			p99, rawP99 = append(p99, micros(quantile(took, 0.99))), append(rawP99, micros(quantile(raw, 0.99)))
		}
		b.ReportMetric(median(ratios), "x-fdatasync-p50")
		b.ReportMetric(median(appends), "append-p50-us")
		b.ReportMetric(median(raws), "fdatasync-p50-us")
		b.ReportMetric(median(p99), "append-p99-us")
		b.ReportMetric(median(rawP99), "fdatasync-p99-us")
	}
}

// BenchmarkGroupCommit compares 64 writers with the same store when each commit has one
// event. Both alternate; each metric is the median of the rounds.
func BenchmarkGroupCommit(b *testing.B) {
	const writers, rounds, slice = 64, 5, 800 * time.Millisecond
	group, single := benchStore(b), benchStore(b, sqlite.MaxBatch(1))
	for b.Loop() {
		var rates, singles, ratios, p50, p99 []float64
		for range rounds {
			_, one := appendFor(b, single, writers, slice)
			took, many := appendFor(b, group, writers, slice)
			rates, singles, ratios = append(rates, many), append(singles, one), append(ratios, many/one)
			p50, p99 = append(p50, micros(quantile(took, 0.5))), append(p99, micros(quantile(took, 0.99)))
		}
		b.ReportMetric(median(ratios), "x-single")
		b.ReportMetric(median(rates), "appends/s")
		b.ReportMetric(median(singles), "single-appends/s")
		b.ReportMetric(median(p50), "p50-us")
		b.ReportMetric(median(p99), "p99-us")
	}
}

// BenchmarkRead reads a log of 100,000 events, and streams of it.
func BenchmarkRead(b *testing.B) {
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "events.db"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	const total, each = 100_000, 50
	var names []string
	for range total / each {
		es := make([]eventstore.Event, each)
		for i := range es {
			es[i] = eventstore.Event{ID: uuid.New(), Type: "run.step_finished.v1", Data: benchData, Meta: benchMeta}
		}
		names = append(names, "run-"+uuid.NewString())
		_, err := store.Append(b.Context(), names[len(names)-1], eventstore.NoStream, es...)
		require.NoError(b, err)
	}
	readAll := func(b *testing.B, filter eventstore.Filter) {
		b.Helper()
		for b.Loop() {
			after := eventstore.Position{}
			for {
				_, next, err := store.ReadAll(b.Context(), after, 1000, filter)
				require.NoError(b, err)
				if next == after {
					break
				}
				after = next
			}
		}
		b.ReportMetric(float64(total*b.N)/b.Elapsed().Seconds(), "events/s")
	}
	b.Run("log", func(b *testing.B) { readAll(b, eventstore.Filter{}) })
	b.Run("log/nothing-matches", func(b *testing.B) {
		readAll(b, eventstore.Filter{TypePrefixes: []string{"monitor."}})
	})
	b.Run("stream-of-50", func(b *testing.B) {
		i := 0
		for b.Loop() {
			page, err := store.ReadStream(b.Context(), names[i%len(names)], 0, 100)
			require.NoError(b, err)
			require.Len(b, page, each)
			i++
		}
	})
}
