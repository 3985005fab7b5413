"""A function that a task runs: its parameters come by name, what it prints is the log."""


def greet(who: str, times: int) -> dict[str, object]:
    if times < 0:
        raise ValueError(f"{times} greetings are too few")
    for number in range(times):
        print(f"{number + 1}: hello {who}")
    return {"rows": times, "message": f"greeted {who}"}
