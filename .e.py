def sub(p, pairs):
    p='/tmp/w-run7/'+p
    s=open(p).read()
    for a,b in pairs:
        if a not in s: print('MISSING in',p,':',a[:90]); continue
        s=s.replace(a,b,1)
    open(p,'w').write(s)
