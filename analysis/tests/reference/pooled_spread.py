"""The pooled spreads of analysis/tests/planning.rs, in fractions: by sd, degrees of freedom.

For paired differences with covariance S of n seeds, the variance is tr S / k with (n - 1) (tr S)^2 / tr S^2 degrees of freedom (Box 1954);
for independent arms Satterthwaite's.
"""
from fractions import Fraction as F
import math
A=dict(a="0.1 0.4 0.2 0.9",b="0.3 0.5 0.1 1.4",c="0.2 0.9 0.3 0.8")
A={k:[F(x) for x in v.split()] for k,v in A.items()}
def cov(x,y):
    mx=sum(x)/len(x);my=sum(y)/len(y)
    return sum((a-mx)*(b-my) for a,b in zip(x,y))/(len(x)-1)
def pool(D):
    tr=sum(cov(d,d) for d in D); fro=sum(cov(d,e)**2 for d in D for e in D)
    print(repr(math.sqrt(tr/len(D))), repr(float(3*tr**2/fro)))
sub=lambda x,y:[a-b for a,b in zip(x,y)]
pool([sub(A['b'],A['a']),sub(A['c'],A['a'])])
pool([sub(A['b'],A['a']),sub(A['c'],A['a']),sub(A['c'],A['b'])])
v={k:cov(x,x) for k,x in A.items()}
w=dict(a=F(1,2),b=F(1,4),c=F(1,4))
t=sum(w[k]*v[k] for k in v); print(repr(math.sqrt(t)), repr(float(t**2/sum((w[k]*v[k])**2/3 for k in v))))
