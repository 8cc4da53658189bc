"""Words of which the generator makes names and titles."""

from __future__ import annotations

from typing import Final

AREAS: Final = (
    ("PAY", "payments"),
    ("SRCH", "search"),
    ("AUTH", "sign-in"),
    ("BILL", "billing"),
    ("CORE", "core platform"),
    ("DATA", "data warehouse"),
    ("MOB", "mobile app"),
    ("WEB", "web shop"),
    ("OPS", "operations"),
    ("NET", "network"),
    ("LEG", "legal"),
    ("HR", "people"),
    ("FAC", "facilities"),
    ("CRM", "customer care"),
    ("LOG", "logistics"),
    ("ML", "recommendations"),
    ("DOC", "documentation"),
    ("SEC", "security"),
    ("API", "public API"),
    ("FIN", "finance"),
)
VERBS: Final = (
    "Design", "Build", "Migrate", "Review", "Document", "Test", "Automate", "Replace", "Measure", "Roll out",
    "Prototype", "Simplify", "Approve", "Translate", "Schedule", "Audit",
)  # fmt: skip
THINGS: Final = (
    "invoice export", "login page", "retry policy", "audit trail", "search index", "onboarding guide", "backup job",
    "rate limits", "access rules", "price rules", "delivery slots", "contract template", "cost report", "alert routing",
    "customer survey", "supplier list", "training plan", "data retention", "release notes", "error budget",
)  # fmt: skip
SYMPTOMS: Final = (
    "is slow", "fails at night", "shows stale data", "loses attachments", "rejects valid input", "times out",
    "sends duplicates", "leaks memory",
)  # fmt: skip
GIVEN: Final = (
    "Ada", "Amara", "Bao", "Carmen", "Chidi", "Daria", "Elif", "Emil", "Farah", "Goran", "Hana", "Ines", "Ivan",
    "Jonas", "Kaito", "Lea", "Liam", "Mei", "Nadia", "Noor", "Olu", "Pia", "Ravi", "Sofia", "Tariq", "Uma", "Viktor",
    "Wen", "Yara", "Zoe",
)  # fmt: skip
FAMILY: Final = (
    "Adeyemi", "Bauer", "Castro", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ito", "Jansen", "Kim", "Larsen",
    "Moreau", "Nguyen", "Okafor", "Petrov", "Quispe", "Rossi", "Silva", "Tanaka", "Ueda", "Varga", "Weber", "Xu",
    "Yilmaz", "Zhang",
)  # fmt: skip
OUTCOMES: Final = (
    ("Customers are served without waiting", "median wait", "minutes"),
    ("Every release is safe", "failed changes", "%"),
    ("New colleagues are productive soon", "days to first delivery", "days"),
    ("Costs stay below plan", "cost per order", "EUR"),
    ("The product is worth recommending", "net promoter score", "points"),
    ("Orders arrive when promised", "orders on time", "%"),
    ("Data can be trusted", "failed checks", "%"),
    ("Partners integrate by themselves", "partners live", "partners"),
)
CHORES: Final = (
    ("Rotate credentials", "FREQ=MONTHLY;BYMONTHDAY=1"),
    ("Review alerts", "FREQ=WEEKLY;BYDAY=MO"),
    ("Close the books", "FREQ=MONTHLY;BYMONTHDAY=-1"),
    ("Restore a backup", "FREQ=MONTHLY;BYDAY=1TU"),
)
