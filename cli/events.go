package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/picket-api/picket/api/client"
	"github.com/picket-api/picket/api/wire"
)

func newEvents(env Env) *cobra.Command {
	return group("events", "Read the event log", newEventsTail(env), newEventsShow(env))
}

func newEventsTail(env Env) *cobra.Command {
	var s server
	var asJSON, follow bool
	var after, types string
	cmd := &cobra.Command{
		Use: "tail", Short: "Print the log, and what is appended to it", Args: exactly(),
		Example: "  picket events tail\n  picket events tail --after 1200 --type runner. --json\n  picket events tail --follow=false",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			ctx, _, stop := env.Signals(cmd.Context())
			defer stop()
			for {
				page, err := c.Events(ctx, after, 500)
				if ctx.Err() != nil {
					return nil
				}
				if err != nil {
					return serverError(err)
				}
				for _, e := range page.Items {
					if !strings.HasPrefix(e.Type, types) {
						continue
					}
					if err := printEvent(env, e, asJSON); err != nil {
						return err
					}
				}
				if page.NextCursor != nil {
					after = *page.NextCursor
				}
				if len(page.Items) > 0 {
					continue
				}
				if !follow {
					return nil
				}
				select {
				case <-ctx.Done():
					return nil
				case <-time.After(500 * time.Millisecond):
				}
			}
		},
	}
	s.flags(cmd.Flags())
	f := cmd.Flags()
	f.StringVar(&after, "after", "", "position to start after (default: the beginning)")
	f.StringVar(&types, "type", "", "only types that begin so")
	f.BoolVar(&follow, "follow", true, "wait for more")
	f.BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func newEventsShow(env Env) *cobra.Command {
	var s server
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show STREAM", Short: "Print the events of one stream", Args: exactly("STREAM"),
		Long:    "Print the events of one stream. A stream is named by its category and the id of the thing: run-<id>, monitor-<id>.\n\n" + exitCodes,
		Example: "  picket events show run-0192f3c1-7a60-7cc0-8f5e-0a51b4c0f2aa",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			page, err := c.Stream(cmd.Context(), args[0], client.Page{Limit: 1000})
			if err != nil {
				return serverError(err)
			}
			for _, e := range page.Items {
				if err := printEvent(env, e, asJSON); err != nil {
					return err
				}
			}
			return nil
		},
	}
	s.flags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func printEvent(env Env, e wire.Event, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(env.Stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(e)
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return err
	}
	who := ""
	if a, ok := e.Meta["actor"].(map[string]any); ok {
		who = fmt.Sprint(a["kind"])
	}
	_, err = fmt.Fprintf(env.Stdout, "%s  %s  %s@%d  %s  by %s  %s\n",
		e.Position, e.At.Format(time.RFC3339), e.Stream, e.Version, e.Type, who, data)
	return err
}
