"""Carries a checkpoint over to more layers and another vocabulary without changing what it computes:
a copied layer starts with its two output matrices at zero, a new vocabulary entry as the mean of the pieces it used to be spelt with.
python3 grow.py OLD.pt OLD_VOCAB NEW_VOCAB OLD_LAYERS PLAN NEW.pt D      PLAN: source layer of each new layer, n = a new copy, such as 0,1,n1,2,n2,3"""
import sys, torch
from model import RWKV7
from grammar import Tok
def parts(m, f):
    d, o = {}, 0
    for n, p in m.named_parameters(): d[n] = f[o:o + p.numel()].view_as(p); o += p.numel()
    return d
def row(old, name, key, tok, b, D):
    k = tok.idx.get(b)
    if k is not None: return old[name][k]
    if key != "flat": return torch.zeros(D)
    e = old[name][tok.enc(b)]
    return e.mean(0) + (.3 if name == "emb.weight" else .09) * e.std() * torch.randn(D)
if __name__ == "__main__":
    src, ov, nv, Lo, plan, out, D = sys.argv[1:8]; Lo, D, plan = int(Lo), int(D), plan.split(",")
    to, tn = Tok(ov), Tok(nv); old, new = RWKV7(to.size, D, Lo), RWKV7(tn.size, D, len(plan)); z = torch.load(src); res = {}
    for key in ("flat", "m1", "m2"):
        so = parts(old, z[key]); fl = []
        for n, _ in new.named_parameters():
            if n in ("emb.weight", "head.weight"): t = torch.stack([so[n][0]] + [row(so, n, key, to, tn.b[i], D) for i in range(1, tn.size)])
            elif n.startswith("blocks."):
                _, i, rest = n.split(".", 2); p = plan[int(i)]; t = so[f"blocks.{p.lstrip('n')}.{rest}"].clone()
                if p[0] == "n" and (key == "m1" or key == "flat" and rest in ("att.output.weight", "ffn.value.weight")): t.zero_()
            else: t = so[n]
            fl.append(t.reshape(-1))
        res[key] = torch.cat(fl)
    torch.save(dict(res, step=z["step"], prog=z["prog"]), out); print(res["flat"].numel(), "parameters,", tn.size, "entries")
