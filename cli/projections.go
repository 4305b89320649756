package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/picket-api/picket/api/client"
	"github.com/picket-api/picket/api/wire"
)

func newProjections(env Env) *cobra.Command {
	return group("projections", "See and rebuild the views of a running control plane", newProjectionsStatus(env), newProjectionsRebuild(env))
}

func newProjectionsStatus(env Env) *cobra.Command {
	var s server
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "How far each view is", Args: exactly(), Example: "  picket projections status\n  picket projections status --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			all, err := c.Projections(cmd.Context())
			if err != nil {
				return serverError(err)
			}
			if asJSON {
				return printJSON(env, all)
			}
			return printProjections(env, all.Items)
		},
	}
	s.flags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// A tabwriter keeps its first error for Flush.
func printProjections(env Env, all []wire.Projection) error {
	w := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NAME\tVERSION\tPOSITION\tHEAD\tSTATE")
	for _, p := range all {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", p.Name, p.Version, p.Position, p.Head, projectionState(p))
	}
	return w.Flush()
}

func projectionState(p wire.Projection) string {
	switch {
	case p.Error != "":
		return "stopped: " + p.Error
	case p.Rebuilding:
		return "rebuilding"
	case p.CaughtUp:
		return "caught up"
	}
	return "catching up"
}

func newProjectionsRebuild(env Env) *cobra.Command {
	var s server
	cmd := &cobra.Command{
		Use: "rebuild [NAME…]", Short: "Build views anew from the log while the old ones serve",
		Long:    "Build views anew from the event log, beside the ones that serve, then swap. Without a name: all.\n\n" + exitCodes,
		Example: "  picket projections rebuild runs\n  picket projections rebuild",
		RunE: func(cmd *cobra.Command, names []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			if len(names) == 0 {
				all, err := c.Projections(cmd.Context())
				if err != nil {
					return serverError(err)
				}
				for _, p := range all.Items {
					names = append(names, p.Name)
				}
			}
			for _, name := range names {
				start := time.Now()
				if err := rebuild(cmd.Context(), env, c, name); err != nil {
					return err
				}
				fmt.Fprintf(env.Stdout, "%s rebuilt in %s\n", name, time.Since(start).Round(time.Millisecond))
			}
			return nil
		},
	}
	s.flags(cmd.Flags())
	return cmd
}

// rebuild starts one and waits until it serves.
func rebuild(ctx context.Context, env Env, c *client.Client, name string) error {
	if _, err := c.RebuildProjection(ctx, name); err != nil {
		return serverError(err)
	}
	for {
		all, err := c.Projections(ctx)
		if err != nil {
			return serverError(err)
		}
		for _, p := range all.Items {
			switch {
			case p.Name != name:
			case p.Error != "":
				return serverError(fmt.Errorf("%s: %s", name, p.Error))
			case !p.Rebuilding:
				return nil
			case env.TTY:
				fmt.Fprintf(env.Stderr, "\r%s: %s of %s", name, p.Position, p.Head)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func printJSON(env Env, v any) error {
	enc := json.NewEncoder(env.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
