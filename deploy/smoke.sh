#!/bin/sh
# Try a stack of deploy/cloudformation/chartlake.yaml with your own account: put one document in, wait until the
# function has told what became of it, and ask the tables. It costs a few cents, and nothing is taken away afterwards.
# Use a document that is nobody's.
#
#   deploy/smoke.sh STACK DOCUMENT
#
# Needs the AWS CLI with the policies Operators and Analysts of the stack. No run against AWS has been made by those
# who wrote this: read what it prints.
set -eu
[ $# -eq 2 ] && [ -f "$2" ] || { echo "usage: deploy/smoke.sh STACK DOCUMENT" >&2; exit 2; }
stack=$1 file=$2
output() {
	aws cloudformation describe-stacks --stack-name "$stack" \
		--query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue" --output text
}
bucket=$(output DocumentsBucket) queue=$(output QueueUrl) dead=$(output DeadLettersUrl)
log=$(output FunctionLogGroup) workgroup=$(output AthenaWorkgroup) database=$(output GlueDatabase)
waiting() {
	aws sqs get-queue-attributes --queue-url "$1" --query 'Attributes.ApproximateNumberOfMessages' --output text \
		--attribute-names ApproximateNumberOfMessages
}
set_aside=$(waiting "$dead")
key=smoke/$(date +%s)-$$.${file##*.}
since=$(($(date +%s) * 1000))
echo "1. s3://$bucket/$key"
aws s3 cp --only-show-errors "$file" "s3://$bucket/$key"

echo "2. waiting for the function, ten minutes at most"
n=0
while [ $n -lt 60 ]; do
	told=$(aws logs filter-log-events --log-group-name "$log" --start-time "$since" \
		--filter-pattern '"a document was"' --query 'events[].message' --output text)
	case $told in '' | None) ;; *) break ;; esac
	n=$((n + 1))
	sleep 10
done
case ${told:-} in
*"a document was filed"*) echo "   $told" ;;
'' | None)
	echo "   nothing was told; $(waiting "$queue") messages wait" >&2
	exit 1
	;;
*)
	echo "   $told" >&2
	echo "   set aside before: $set_aside, now: $(waiting "$dead"); the newest:" >&2
	aws sqs receive-message --queue-url "$dead" --message-attribute-names All --visibility-timeout 0 >&2
	exit 1
	;;
esac

echo "3. tables (empty until an export was put there: docs/guide/from-aws.md)"
query=$(aws athena start-query-execution --work-group "$workgroup" --query-execution-context "Database=$database" \
	--query-string 'select state, count(*) as documents from documents group by state' --query QueryExecutionId --output text)
state=QUEUED
while [ "$state" = QUEUED ] || [ "$state" = RUNNING ]; do
	sleep 2
	state=$(aws athena get-query-execution --query-execution-id "$query" --query QueryExecution.Status.State --output text)
done
echo "   $state"
[ "$state" = SUCCEEDED ] && aws athena get-query-results --query-execution-id "$query" --output text
