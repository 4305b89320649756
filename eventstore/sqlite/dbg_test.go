package sqlite_test
import ("testing";"time";"fmt";"os";"github.com/google/uuid";"github.com/stretchr/testify/require";"github.com/picket-api/picket/eventstore";"github.com/picket-api/picket/eventstore/sqlite")
func TestDbgBig(t *testing.T){
 dir,_:=os.MkdirTemp("/work/tmp-proto","big"); defer os.RemoveAll(dir); path:=dir+"/events.db"
 s,err:=sqlite.Open(t.Context(),path); require.NoError(t,err)
 t0:=time.Now()
 for range 20000 { es:=make([]eventstore.Event,50); for i:=range es { es[i]=eventstore.Event{ID:uuid.New(),Type:"run.step_finished.v1",Data:benchData,Meta:benchMeta}}
  _,err:=s.Append(t.Context(),"run-"+uuid.NewString(),eventstore.NoStream,es...); require.NoError(t,err)}
 fmt.Println("fill 1M",time.Since(t0)); t0=time.Now(); s.Close(); fmt.Println("close",time.Since(t0))
 fi,_:=os.Stat(path); fmt.Println("size",fi.Size()>>20)
 for range 2 { t0=time.Now(); s,_=sqlite.Open(t.Context(),path); fmt.Println("open",time.Since(t0)); s.Close()
 t0=time.Now(); s,_=sqlite.Open(t.Context(),path,sqlite.SkipCheck()); fmt.Println("open skip",time.Since(t0)); 
 t0=time.Now(); s2:=s; after:=eventstore.Position{}; n:=0; for { p,next,_:=s2.ReadAll(t.Context(),after,1000,eventstore.Filter{}); if next==after{break}; n+=len(p); after=next}; fmt.Println("read",n,time.Since(t0)); 
 _,rate:=appendForT(t,s,64,3*time.Second); fmt.Println("group commit at 1M:",rate)
 s.Close() }
}
func appendForT(t *testing.T, s *sqlite.Store, w int, d time.Duration) (int,float64) { var r float64; res:=testing.Benchmark(func(b *testing.B){ took,rate:=appendFor(b,s,w,d); r=rate; _=took}); _=res; return 0,r }
