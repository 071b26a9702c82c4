"""Hostile uses of what helps around models: generators, texts, configurations, patterns, iterators, operators."""

from __future__ import annotations

import pytest
from followed import traces_of
from layer_scripts import script

from shapelint.report.shapes.rows import rows_of

PROGRAMS = {
    "texts that double": script(
        's = "ab"\n' + 's = f"{s}{s}"\ns = "%s%s" % (s, s)\ns = "{0}{0}".format(s)\ns = s.join([s, s])\n' * 40
    ),
    "odd placeholders": script(
        """
        a = "%(x)s" % {"x": 1}
        b = "%d%%" % 3
        c = "%1000000000d" % 1
        d = "{:>1000000000}{}{5}".format(1)
        e = "{a.b}".format(a=rnn)
        f = "%s" % ()
        g = "" .join(3)
        h = "{}".format(x, x)
        setattr(rnn, "%d", 3)
        getattr(rnn, f"{x.size(0) + x}")
        """
    ),
    "generators without an end": script(
        """
        def forever():
            while True:
                yield from forever()
                yield rnn
        def odd(v):
            y = yield
            z = yield v, (yield y)
            yield from 3
            yield from v
            return (yield)
        list(forever())
        for a in odd(x): b = next(odd(a))
        sum(odd(x)); max(odd(x)); zip(odd(x)); dict(odd(x)); [*odd(x)]
        lambda: (yield)
        class C:
            yield x
        """
    ),
    "loops without an end": script(
        """
        n = 0
        while True:
            while n < 10**9:
                while n >= 0:
                    n += 1
                    x = torch.cat([x, x])
        while (n := n + 1): x = rnn(x)[0]
        while x: break
        else: y = x
        """
    ),
    "lists of themselves in loops": script(
        """
        a = {}
        a["a"] = [a, [a]]
        a["a"].append(a["a"])
        for i in range(100):
            a["a"].append(a)
            for v in a["a"]: v.append(a["a"])
        """
    ),
    "configurations of themselves": script(
        """
        from argparse import Namespace
        from dataclasses import dataclass, field, asdict, replace
        n = Namespace()
        n.n = n
        vars(n)["m"] = vars(n)
        Namespace(**vars(n)); Namespace(3); getattr(n, "n", n).m
        @dataclass
        class D:
            d: "D" = field(default_factory=lambda: D())
            e: int = field(default_factory=3)
            f: int = field(default_factory=list, default=3)
        d = D()
        d.d = d
        asdict(d); asdict(3); asdict(); replace(); replace(d, d=d); replace(3)
        """
    ),
    "patterns that are none": script(
        "from einops import rearrange, reduce, repeat\nfrom einops.layers.torch import Rearrange, Reduce\n"
        + "".join(
            f"rearrange(x, {pattern!r}); reduce(x, {pattern!r}, 'mean'); repeat(x, {pattern!r}, n=10**30)\n"
            for pattern in (
                "a b c -> (a b c n n n)",
                "-> -> ->",
                "((a b) c",
                "a b c -> a 99999999999999999999 b c",
                "...",
                "",
                "... -> (... ...)",
                "... a ... -> a",
                "a b c -> a b c ...",
                "a " * 3000 + "->" + " a" * 3000,
                "1 1 1 -> ",
                "a b c -> " + "(" * 200 + ")" * 200,
                "a b c -> a b c n " + "1 " * 500,
                "_ b c -> b c _",
                "a b c -> A B C",
            )
        )
        + "rearrange(); reduce(x); repeat(x, 3); Rearrange()(x); Reduce('a b c -> a')(x); rearrange([], 'a -> a')\n"
        "rearrange([x, rnn], 'k a b c -> k a b c'); reduce(x, 'a b c -> a', lambda v: v); rearrange(x, 'a b (c d) -> a', c=0)\n"
        "rearrange(x, 'a b (c d) -> a b c d', c=-1); rearrange(x, 'a b (c d) -> a b c d', c=x, d=rnn)\n"
    ),
    "iterators of anything": script(
        """
        import itertools, functools, math
        from collections import defaultdict, deque
        itertools.product(*[range(100)] * 9); itertools.chain(3, rnn); itertools.chain.from_iterable(3)
        functools.reduce(rnn, x); functools.reduce(lambda a, b: torch.cat([a, a]), [x] * 500); functools.reduce()
        map(); map(3); map(rnn, 3); filter(None, x); filter(); next(); next(3); all(); any(3); sorted(); reversed(3)
        d = defaultdict(lambda: d); d[1][2][3]; defaultdict(); defaultdict(3)[4]
        deque(3); deque([1], 1).popleft(); deque().popleft(); [].pop(); [1].pop(10**20); [1].pop("a")
        abs(); pow(10, 10**10); pow(x, 2); divmod(1, 0); round(1.5, 10**10); math.log(0); math.ceil(1e400); math.gcd(3)
        math.sqrt(-1); math.floor(10**5000); type(); type(3, 4, 5); vars(); dict(3); dict([1]); dict([[1, 2], x])
        torch.utils.checkpoint.checkpoint(); torch.utils.checkpoint.checkpoint(3)
        nn.LSTM.forward(rnn); nn.LSTM.__init__(rnn, 3); nn.Module.__init__(x); nn.LSTM.forward(3)
        """
    ),
    "operators of their own": script(
        """
        class A:
            def __len__(self): return len(self)
            def __iter__(self): return self
            def __getitem__(self, i): return self[i]
            def __enter__(self): return self.__enter__()
            def __call__(self, *a): return self(*a)
        a = A()
        len(a); [*a]; a[0]; list(a); a(a)
        for b in a: pass
        with a as c, c as d: pass
        class B(A):
            __len__ = 3
            __iter__ = rnn
        len(B()); list(B())
        """
    ),
    "diamonds over diamonds": script(
        "class A0: pass\nclass B0: pass\n"
        + "".join(f"class A{i}(A{i - 1}, B{i - 1}): pass\nclass B{i}(B{i - 1}, A{i - 1}): pass\n" for i in range(1, 60))
        + "A59().x; B59.y\n"
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_analysis_goes_on_behind_it(name: str) -> None:
    traces = traces_of(PROGRAMS[name] + "\ndone = torch.zeros(1)\n")
    assert "done" in {row.name for row in rows_of(traces)}
