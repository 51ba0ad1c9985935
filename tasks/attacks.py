"""What the classes of attacks are called."""

from __future__ import annotations

from tasks.words import mark, say

NAMES = {
    "lfi": mark("File access"),
    "rfi": mark("Remote file"),
    "rce": mark("Command execution"),
    "php": mark("PHP injection"),
    "nodejs": mark("Code injection"),
    "java": mark("Java injection"),
    "xss": mark("Cross-site scripting"),
    "sqli": mark("SQL injection"),
    "session": mark("Session fixation"),
    "scanner": mark("Scanners"),
    "protocol": mark("Malformed requests"),
    "method": mark("Forbidden methods"),
    "ssrf": mark("Server-side requests"),
    "web_shell": mark("Web shells"),
    "upload": mark("Uploads"),
    "login": mark("Log-in abuse"),
    "dos": mark("Floods"),
    "bot": mark("Bots"),
    "reputation": mark("Listed addresses"),
    "rate": mark("Too many requests"),
    "geo": mark("Countries"),
    "custom": mark("Own rules"),
    "data_leak": mark("Data leaks"),
    "multipart": mark("Malformed uploads"),
    "other": mark("Other rules"),
}


def attack_name(attack_class: str) -> str:
    """Return a class of attacks for people; one that has no name is named by its own word."""
    return say(NAMES.get(attack_class, attack_class.replace("_", " ").capitalize()))
