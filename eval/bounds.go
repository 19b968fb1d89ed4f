package eval

import "math"

// Wilson gives the 95 % bounds of a share by Wilson's score interval without continuity
// correction (Wilson 1927); 0 and 1 where there is nothing to count.
func Wilson(right, of int) (low, high float64) {
	if of == 0 {
		return 0, 1
	}
	const z = 1.959964 // of the normal distribution, two-sided 95 %
	n, p := float64(of), float64(right)/float64(of)
	middle := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	low, high = (middle-half)/(1+z*z/n), (middle+half)/(1+z*z/n)
	return max(low, 0), min(high, 1)
}

// Exact gives the 95 % bounds of a share by Clopper and Pearson (1934), which hold also
// where hardly anything goes wrong: with none wrong of n the upper bound is about 3.7/n.
func Exact(right, of int) (low, high float64) {
	if of == 0 {
		return 0, 1
	}
	const tail = 0.025
	low, high = 0, 1
	if right > 0 {
		low = solve(func(p float64) float64 { return 1 - binomial(right-1, of, p) - tail })
	}
	if right < of {
		high = solve(func(p float64) float64 { return tail - binomial(right, of, p) })
	}
	return low, high
}

// solve finds where a rising function of 0 to 1 is zero, by halving 50 times.
func solve(f func(float64) float64) float64 {
	low, high := 0.0, 1.0
	for range 50 {
		middle := (low + high) / 2
		if f(middle) < 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// binomial is the chance of at most k of n at share p.
func binomial(k, n int, p float64) float64 {
	switch {
	case p <= 0:
		return 1
	case p >= 1:
		if k >= n {
			return 1
		}
		return 0
	}
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	sum := 0.0
	for i := 0; i <= k; i++ {
		sum += math.Exp(lg(n) - lg(i) - lg(n-i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(sum, 1)
}
