package sqlite_test
import ("testing";"time";"fmt")
func BenchmarkDbg(b *testing.B){
 s:=benchStore(b)
 c0,t0:=s.Commits(),time.Now()
 took,rate:=appendFor(b,s,64,5*time.Second)
 n:=s.Commits()-c0
 fmt.Println("rate",rate,"events/commit",float64(len(took))/float64(n),"ms/commit",time.Since(t0).Seconds()*1000/float64(n), quantile(took,0.5),quantile(took,0.99))
}
