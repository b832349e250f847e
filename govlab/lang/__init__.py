"""CEL: text -> `syntax` (parser) -> `nodes` (checker); the printer writes syntax back."""
