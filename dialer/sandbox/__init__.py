"""The VozAgent API on this machine: the same requests and answers, and nobody's telephone rings.

It imports nothing of the rest of the package, so that a mistake shared by both sides cannot cancel out.

**Keys** (public, they open nothing else): `sk_sandbox` works; `sk_sandbox_readonly` lacks the scope
`calls:write` (403 on a call); `sk_sandbox_lapsed` has no subscription (402 on a call); any other, or none,
is 401.

**Assistants**: `Voz` and `Aurora` are active, `Retired` is not (a call by it is a 400).

**Numbers**: what becomes of a call is decided by its number alone, so that runs repeat. Some fictional
numbers, those ending in 555 01xx (+1 201 555 0191) or 946 01xx (+44 20 7946 0191), show one thing each:

| last four digits | what happens |
|---|---|
| 0191 | refused: 400 `invalid_request`, the destination number is blocked |
| 0192 | refused: 422 `unprocessable_number`, the destination number cannot receive calls |
| 0193 | accepted, and the call fails |
| 0194 | accepted, completed, the lead is hot and an appointment is booked |

Every other number is accepted, so that a rehearsal with a real list shows no refusals that mean nothing; four
calls in five are completed, the others fail.

**Where the vendor's documentation is silent, this is the sandbox's own choice** and proves nothing about
the real API: every error code but `invalid_request`; that an inactive assistant is a 400; that `assistant_id`
wins when both are given; that names are matched exactly; that `tags` as a string is one tag; that empty
strings count as not given; that a contact is found by any one of several tags; that `null` is a wrong type.
"""
