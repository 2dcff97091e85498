// The error summary takes the focus, so that a screen reader and a magnifier begin where the problem is told.
document.getElementById("summary")?.focus();
