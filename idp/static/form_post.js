// OAuth 2.0 Form Post Response Mode: the answer goes to the application at once; without script the button sends it.
const answer = document.getElementById("form-post");
// Called from the prototype, because a field named "submit" would hide the method.
if (answer) HTMLFormElement.prototype.submit.call(answer);
