#!/usr/bin/env bash
# Signing in with nothing but curl, to see each step of the authorization code flow with PKCE.
#
#   ISSUER=http://localhost:5100 CLIENT_ID=my-app CLIENT_SECRET=… bash sign-in.sh
#
# It prints an address for your browser. After you have signed in, the browser ends at
# http://localhost:3000/callback?code=… (nothing has to answer there): paste that address here.
set -euo pipefail

redirect_uri="${REDIRECT_URI:-http://localhost:3000/callback}"
scope="${SCOPE:-openid profile email company menus}"

random() { openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n'; }
encode() { # percent-encoding, byte by byte
  local LC_ALL=C text="$1" i
  for ((i = 0; i < ${#text}; i++)); do
    case "${text:i:1}" in
      [a-zA-Z0-9.~_-]) printf '%s' "${text:i:1}" ;;
      *) printf '%%%02X' "'${text:i:1}" ;;
    esac
  done
}
decode() { printf '%b' "${1//%/\\x}"; }
member() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" <<<"$2"; }      # a text in a JSON object
of_address() { tr '?&' '\n\n' <<<"$2" | sed -n "s/^$1=//p" | head -n 1; } # a parameter of an address
payload() { # the middle part of a JWT, base64url without padding
  local part; part="$(cut -d. -f2 <<<"$1" | tr -- '-_' '+/')"
  while (( ${#part} % 4 )); do part+="="; done
  base64 -d <<<"$part"; echo
}

# 1. Discovery: all addresses come from here.
metadata="$(curl --fail --silent --show-error "$ISSUER/.well-known/openid-configuration")"
[ "$(member issuer "$metadata")" = "$ISSUER" ] || { echo "The metadata is of another issuer." >&2; exit 1; }

# 2. The request: state and nonce bind the answer to us, the challenge binds the code to the verifier.
verifier="$(random)"; state="$(random)"; nonce="$(random)"
challenge="$(printf '%s' "$verifier" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d '=')"
address="$(member authorization_endpoint "$metadata")?response_type=code&client_id=$(encode "$CLIENT_ID")"
address+="&redirect_uri=$(encode "$redirect_uri")&scope=$(encode "$scope")&state=$state&nonce=$nonce"
address+="&code_challenge=$challenge&code_challenge_method=S256"
printf 'Open this address in a browser and sign in:\n\n%s\n\nThen paste the address it ends at: ' "$address" >&2

# 3. The answer: state first, then iss (RFC 9207), then the code.
read -r answer
[ "$(of_address state "$answer")" = "$state" ] || { echo "The state is not ours." >&2; exit 1; }
[ "$(decode "$(of_address iss "$answer")")" = "$ISSUER" ] || { echo "The answer is of another issuer." >&2; exit 1; }
error="$(of_address error "$answer")"
[ -z "$error" ] || { echo "Not signed in: $error" >&2; exit 1; }

# 4. The code for tokens. Id and secret go percent-encoded into Basic (RFC 6749 2.3.1), not onto the command line.
basic="$(printf '%s:%s' "$(encode "$CLIENT_ID")" "$(encode "$CLIENT_SECRET")" | openssl base64 -A)"
tokens="$(curl --silent --show-error --config - "$(member token_endpoint "$metadata")" \
  --data-urlencode grant_type=authorization_code --data-urlencode "redirect_uri=$redirect_uri" \
  --data-urlencode "code_verifier=$verifier" --data-urlencode "code=$(decode "$(of_address code "$answer")")" \
  <<<"header = \"Authorization: Basic $basic\"")"
access_token="$(member access_token "$tokens")"
[ -n "$access_token" ] || { echo "No token: $tokens" >&2; exit 1; }

# 5. The claims. They came from the token endpoint itself, over TLS in anything real (Core 3.1.3.7, 6); whoever
#    takes an ID token from elsewhere must verify its signature with a library.
claims="$(payload "$(member id_token "$tokens")")"
[ "$(member nonce "$claims")" = "$nonce" ] || { echo "The nonce is not ours." >&2; exit 1; }
echo "ID token:"; echo "$claims"

# 6. Userinfo: the same, as it is now.
echo "UserInfo:"
curl --fail --silent --show-error --config - "$(member userinfo_endpoint "$metadata")" \
  <<<"header = \"Authorization: Bearer $access_token\""
echo
