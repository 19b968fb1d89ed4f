// Package cage puts layers around the calling thread of a child process before it goes on to
// execve: what it then becomes, with all its threads, stays behind them.
//
// Every layer may be refused by the host; it is the caller's to find out which hold and to say
// so. Outside Linux there are none.
package cage
