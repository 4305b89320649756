package script_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/picket-api/picket/postman/script"
)

func cpu() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func TestMeasure(t *testing.T) {
	for _, lib := range []string{"", "chai", "lodash", "moment", "crypto-js", "ajv", "tv4", "xml2js", "cheerio", "postman-collection", "whatwg-url", "buffer", "util"} {
		src := "1"
		if lib != "" {
			src = fmt.Sprintf("require(%q)", lib)
		}
		best := time.Hour
		for range 8 {
			c := cpu()
			s, err := script.New(script.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s.Run(t.Context(), input(src))
			s.Close()
			if d := cpu() - c; d < best {
				best = d
			}
		}
		fmt.Printf("%-20s %v\n", lib, best)
	}
	for _, src := range []string{"1", "pm.response.json()", "pm.request", "pm.request.url.toString()", tenAssertions} {
		s, _ := script.New(script.Options{})
		in := input(src)
		best := time.Hour
		for range 20 {
			c := cpu()
			for range 20 {
				s.Run(t.Context(), in)
			}
			if d := (cpu() - c) / 20; d < best {
				best = d
			}
		}
		fmt.Printf("%-40.40q %v\n", src, best)
		s.Close()
	}
}
