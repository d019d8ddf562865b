"""Stands where tests' programs would find rich, which users have not: httpx would read it for its command line."""

raise ImportError("the programs that tests start run without rich, as users' do")
