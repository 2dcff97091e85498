# Lets the `idp` command of this terminal work on the data of `make demo`:   . docs/examples/demo-settings.sh
# Another port than the usual one (make demo PORT=5200) is told as an argument: . docs/examples/demo-settings.sh 5200
_port="${1:-5100}"
_folder="$PWD/var/demo"
[ "$_port" = 5100 ] || _folder="$_folder-$_port"
if [ -r "$_folder/secrets.json" ]; then
  _kept() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$_folder/secrets.json"; }
  IDP_SECRET_KEY="$(_kept secret_key)"
  IDP_MASTER_KEY="$(_kept master_key)"
  export IDP_MODE=demo IDP_ISSUER="http://localhost:$_port" IDP_DATABASE_URL="sqlite:///$_folder/idp.db"
  export IDP_SECRET_KEY IDP_MASTER_KEY
  _agent=$((_port + 71))
  [ "$_port" = 5100 ] && _agent=61171
  export IDP_CARD_SOFTWARE=true IDP_CARD_AGENT="http://localhost:$_agent" IDP_CARD_HOSTS="127.0.0.1:$((_port + 72))"
  unset -f _kept
  unset _agent
else
  echo "There is no demo at $_folder: start it with make demo, and call this from the top of the checkout." >&2
fi
unset _port _folder
