package sqlite_test
import ("testing";"fmt";"os";"path/filepath";"github.com/picket-api/picket/eventstore";"strings")
func TestDbg(t *testing.T){
 path:=newPath(t); s:=open(t,path)
 show:=func(w string){ e,_:=os.ReadDir("/proc/self/fd"); for _,x:=range e{ n,_:=os.Readlink("/proc/self/fd/"+x.Name()); if strings.Contains(n,"events.db"){fmt.Println(w,n)}}; m,_:=filepath.Glob(path+"*"); fmt.Println(m)}
 mustAppend(t,s,"s",eventstore.NoStream,event("a"))
 show("open"); fmt.Println(s.Close()); show("closed")
}
