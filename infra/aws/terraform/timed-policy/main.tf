# Generated from src/providers/aws/permissions.ts by tools/generate-infra.ts. Do not edit.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

# Lets Curfew put policies with an end on identities of people, for roles with method timed-policy. IAM cannot limit the calls to
# policies of a certain name, so what limits them is the path of the identities and the permissions boundary that each must carry:
# put boundary_arn on every user and role under the path that a timed policy may land on.
variable "people_path" {
  type        = string
  description = "Path below which the identities of people lie, such as people/; the same as in the roles."
  default     = "people/"
}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

resource "aws_iam_policy" "people_boundary" {
  name        = "curfew-people-boundary"
  path        = "/curfew/"
  description = "Permissions boundary of the identities that Curfew puts timed policies on."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "NoMoreThanTheIdentitySays"
        Effect   = "Allow"
        Action   = "*"
        Resource = "*"
      },
      {
        Sid    = "NeverIdentity"
        Effect = "Deny"
        NotAction = [
          "iam:Get*",
          "iam:List*",
          "iam:PassRole",
          "iam:SimulateCustomPolicy",
          "iam:SimulatePrincipalPolicy",
          "iam:ChangePassword",
          "iam:CreateVirtualMFADevice",
          "iam:EnableMFADevice",
          "iam:ResyncMFADevice",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:iam::*:*"
      },
      {
        Sid    = "NeverOrganization"
        Effect = "Deny"
        Action = [
          "account:*",
          "organizations:*",
          "sso:*",
          "sso-directory:*",
          "identitystore:*",
        ]
        Resource = "*"
      },
    ]
  })
}

resource "aws_iam_role_policy" "timed_policy" {
  name = "curfew-timed-policy"
  role = "curfew-provisioner"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "ReadPeople"
        Effect = "Allow"
        Action = [
          "iam:GetRole",
          "iam:GetRolePolicy",
          "iam:GetUser",
          "iam:GetUserPolicy",
          "iam:ListRolePolicies",
          "iam:ListUserPolicies",
        ]
        Resource = [
          "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${var.people_path}*",
          "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:user/${var.people_path}*",
        ]
      },
      {
        Sid    = "ListPeople"
        Effect = "Allow"
        Action = [
          "iam:ListRoles",
          "iam:ListUsers",
        ]
        Resource = "*"
      },
      {
        Sid    = "WriteTimedPolicies"
        Effect = "Allow"
        Action = [
          "iam:DeleteRolePolicy",
          "iam:DeleteUserPolicy",
          "iam:PutRolePolicy",
          "iam:PutUserPolicy",
        ]
        Resource = [
          "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${var.people_path}*",
          "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:user/${var.people_path}*",
        ]
        Condition = {
          StringLike = {
            "iam:PermissionsBoundary" = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:policy/curfew/*"
          }
        }
      },
    ]
  })
}

output "boundary_arn" {
  value = aws_iam_policy.people_boundary.arn
}
