#!/usr/bin/python3
"""Looks for held-out sentences and values of fresh.json in what training is made of: python3 check_fresh.py [exchanges]."""
import json, random, re, sys
from grammar import Talk, fresh, load, pick_slots, plain
G, F = load(), fresh()
flat = lambda o: [o] if isinstance(o, str) else [y for x in (o.values() if isinstance(o, dict) else o) for y in flat(x)]
def pattern(t):
    """a sentence as a pattern of the plain text: a name is one word, another value one or two"""
    t = re.escape(plain(t)).replace("\\ ", " ")
    t = re.sub(r"\\\{[ab]\\\}|\{[ab]\}", r"(?!called|named)\\S+", t)
    return re.compile(re.sub(r"\\\{\w+\\\}|\{\w+\}", r"(?!called|named)\\S+( \\S+)?", t))
held = {t: pattern(t) for k in ("tellings", "questions", "multi", "pairs", "out_of_scope", "small_talk") for t in flat(F[k]) if " " in t}
words = re.compile(r"\b(" + "|".join(re.escape(v.lower()) for d in ("values", "made_up") for v in flat(F[d])) + r")\b")
source = json.dumps({k: v for k, v in G.items()}, ensure_ascii=False).lower()
print("values in the grammar:", sorted(set(words.findall(source))))
n, found, r = int(sys.argv[1]) if len(sys.argv) > 1 else 20000, {}, random.Random(7)
for i in range(n):
    if i % 40 == 0: t = Talk(G, r); some = pick_slots(t, r, 8)
    x = r.random()
    u, rep = t.fill() if x < .35 else t.tell(r.choice(some)) if x < .55 else t.several() if x < .7 else t.ask(r.choice(some)) if x < .9 else t.beyond()
    if m := words.search(u.lower()): found.setdefault("value " + m[0], u)
    p = plain(u)
    for s, sentence in held.items():
        if sentence.fullmatch(p): found.setdefault("sentence " + s, u)
for k, u in found.items(): print(k, "|", u)
print(len(found), "held-out texts in", n, "exchanges"); sys.exit(bool(found))
