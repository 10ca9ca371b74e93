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

variable "broker_role_arn" {
  type        = string
  description = "ARN of the broker's role in the hub account."
}

variable "external_id" {
  type        = string
  description = "The deployment's external id; the broker sends it with every AssumeRole."
}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

resource "aws_iam_policy" "boundary" {
  name        = "curfew-boundary"
  path        = "/curfew/"
  description = "Permissions boundary of the roles that Curfew hands out."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "NoMoreThanTheRoleSays"
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

resource "aws_iam_role" "provisioner" {
  name                 = "curfew-provisioner"
  path                 = "/curfew/"
  description          = "Writes the revocation policies of the roles under /curfew/."
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          AWS = var.broker_role_arn
        }
        Action = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "sts:ExternalId"     = var.external_id
            "sts:SourceIdentity" = "curfew-provisioner"
          }
        }
      },
      {
        Effect = "Allow"
        Principal = {
          AWS = var.broker_role_arn
        }
        Action = "sts:SetSourceIdentity"
      },
    ]
  })
}

resource "aws_iam_role_policy" "provisioner" {
  name = "curfew-provisioner"
  role = aws_iam_role.provisioner.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "ReadCatalogueRoles"
        Effect = "Allow"
        Action = [
          "iam:GetRole",
          "iam:GetRolePolicy",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/curfew/*"
      },
      {
        Sid    = "WriteRevocations"
        Effect = "Allow"
        Action = [
          "iam:DeleteRolePolicy",
          "iam:PutRolePolicy",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/curfew/*"
        Condition = {
          StringLike = {
            "iam:PermissionsBoundary" = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:policy/curfew/*"
          }
        }
      },
      {
        Sid    = "NeverItself"
        Effect = "Deny"
        Action = [
          "iam:DeleteRolePolicy",
          "iam:PutRolePolicy",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/curfew/curfew-provisioner"
      },
    ]
  })
}

output "boundary_arn" {
  value = aws_iam_policy.boundary.arn
}
